"""The dialect of AUTOMATIC1111's web UI, `/sdapi/v1/`: its programs reach Tempera as they are, each with its token."""
