"""What a Django developer writes first, to measure against."""
