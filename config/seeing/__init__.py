"""What this site tells to systems that watch it, where the operator names one: traces and errors."""
