"""The commands, one noun per file. A file is imported when its command runs."""
