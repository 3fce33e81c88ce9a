"""Words are judged before a picture is made, and it is looked at when it is drawn: rules, versions, records."""
