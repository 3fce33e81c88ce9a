"""What happens to a job: submission, the fair queue, its end, upkeep and deletion. Drawing it is the worker's."""
