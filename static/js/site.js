// What every page loads: the shared behaviour of frame and components.

import "./theme-switch.js";
import "./menu.js";
import "./dialog.js";
import "./slider.js";
import "./copy.js";
import "./justified.js";
import "./current.js";
import "./ago.js";
import "./credits.js";
