"""Decision curves and cost curves of published probabilities."""
