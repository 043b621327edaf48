"""The speed of attention over sets, compared with what others would use: `make bench`."""
