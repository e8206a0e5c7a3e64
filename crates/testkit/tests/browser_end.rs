//! The end of the testkit's browser, in its own file so that this process has no browser of another test.

use std::{fs, path::Path};

use passavant_testkit::browser::{BrowserFailure, Chromium};

#[tokio::test]
async fn no_process_or_file_is_left_behind() -> Result<(), BrowserFailure> {
    let Some(browser) = Chromium::start_if_installed("no_process_is_left").await? else { return Ok(()) };
    browser.open("data:text/html,here").await?;
    let own = std::process::id();
    let driver = processes().into_iter().find(|process| process.parent == own && process.is_driver());
    let driver = driver.expect("a driver below this process");
    let browsers: Vec<_> = processes().into_iter().filter(|process| process.parent == driver.id).collect();
    let profile = browsers.iter().find_map(Process::profile).expect("a browser with its profile");
    assert!(Path::new(&profile).is_dir());
    let of_it = |process: &Process| process.id == driver.id || process.command.contains(&profile);
    assert!(processes().iter().filter(|process| of_it(process)).count() > 2);
    drop(browser);
    let left: Vec<_> = processes().into_iter().filter(of_it).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!Path::new(&profile).exists());
    Ok(())
}

#[derive(Debug)]
struct Process {
    id: u32,
    parent: u32,
    command: String,
}

impl Process {
    fn is_driver(&self) -> bool {
        self.command.contains("chromedriver")
    }

    fn profile(&self) -> Option<String> {
        let (_, rest) = self.command.split_once("--user-data-dir=")?;
        rest.split('\0').next().map(str::to_owned)
    }
}

/// Every live process: a zombie has no command.
fn processes() -> Vec<Process> {
    let folders = fs::read_dir("/proc").expect("Linux").flatten();
    let read = |folder: fs::DirEntry| {
        let id = folder.file_name().to_str()?.parse().ok()?;
        let command = fs::read_to_string(folder.path().join("cmdline")).ok()?;
        let status = fs::read_to_string(folder.path().join("status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
        Some(Process { id, parent, command })
    };
    folders.filter_map(read).filter(|process| !process.command.is_empty()).collect()
}
