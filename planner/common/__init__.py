"""What every other part uses: errors with their place, files that are whole, patterns of names, requests to stop."""
