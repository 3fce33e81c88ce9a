"""Whether rows, ledger, files and broker agree. It only looks; a finding may carry its repair."""
