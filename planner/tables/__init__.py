"""Every result table as it is declared: its meaning, key and columns; what writes and reads tables reads this."""
