//! What a file owes to its server: it is durable, private, shared with care, and stays small.

mod logging;
mod opening;
mod reading;
mod rows;
mod sizing;
mod stored;
mod sweeping;
mod writing;
