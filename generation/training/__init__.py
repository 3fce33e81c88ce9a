"""What happens to data sets, training runs and searches, as rows and files. Learning is the engine's."""
