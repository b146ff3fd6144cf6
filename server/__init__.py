"""What stands around app.py: settings, headers, errors, the state of a login, the command line."""
