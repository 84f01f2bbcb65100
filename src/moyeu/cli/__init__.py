"""The command line. What it shows people is here; what it does is in `operations` and below."""
