"""A report, written for people (`text`) and for programs (`json`)."""
