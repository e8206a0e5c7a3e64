//! The properties of a file: durable, private, safely shared, and small.

mod logging;
mod mending;
mod opening;
mod reading;
mod rows;
mod sizing;
mod stored;
mod sweeping;
mod writing;
