"""The demo portal: partner services of an invented agency, the same for the same seed."""
