//! One file for each command, or for a few that share their arguments.

automod::dir!(pub(crate) "src/commands");
