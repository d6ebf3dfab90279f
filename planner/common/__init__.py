"""Common parts that all others use: errors with their place, patterns of names, requests to stop, numbers in words."""
