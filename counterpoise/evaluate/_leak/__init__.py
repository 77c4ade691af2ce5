"""The leak simulation: the score that resampling before the split would have shown."""
