"""The rounds of cross-validation: rows, folds, features, training and scores."""
