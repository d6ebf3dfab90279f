"""What every other part uses: errors with their place, patterns of names, requests to stop, numbers in words."""
