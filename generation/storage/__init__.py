"""Files of pictures and trainings: names, answers to downloads, and how much room a user has used."""
