"""Pages of the studio: data sets, trainings and searches. Every one of them is its owner's alone."""
