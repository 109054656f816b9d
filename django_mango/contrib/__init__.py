"""What other packages may be combined with; each is imported only where it is used."""
