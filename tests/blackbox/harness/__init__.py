"""What the black-box tests stand on: a running daemon, a look-alike of the Cloud API, and clients."""
