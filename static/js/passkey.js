// Shows why a passkey was not used; allauth only fires an event.

import { toast } from "./toast.js";

const SENTENCES = {
  NotAllowedError: "The passkey was not used: the request was cancelled or took too long.",
  InvalidStateError: "This device's passkey is already on your account.",
  SecurityError: "Passkeys work on this site's own address only.",
  ConstraintError: "This key cannot sign in alone. Untick “Sign in with it alone” to use it after your password.",
  NotSupportedError: "This browser does not know passkeys of the kind that is needed.",
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  toast(SENTENCES[event.detail.exception?.name] ?? "The passkey did not work. Try again, or sign in another way.");
});
