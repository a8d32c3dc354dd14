package text

// englishFactor says the same as italianFactor, key by key.
func englishFactor() map[string]string {
	return map[string]string{
		"factor.title":      "Second factor",
		"factor.code-title": "One more code",
		"factor.code-intro": "Your password is right. Enter the code that the app on your phone shows now.",
		"factor.code-help":  "Six digits. In the place of the app’s code one of your recovery codes will do, too.",
		"factor.field":      "Code",
		"factor.lost-phone": "If you have neither your phone nor a recovery code, ask the administrator: he can take the second factor off, and you set it up anew.",
		"factor.wrong":      "The code is not right, or was used already, or there were too many attempts. Wait for the next one and enter it.",

		"factor.none":       "Besides the password you can be asked for a code that an app on your phone shows. Whoever learns your password then still does not get in.",
		"factor.policy-off": "No second factor is asked for here.",
		"factor.elsewhere":  "At a login by this entry no code is asked for; by the other one it is, once this is set up.",
		"factor.forced":     "Before you go on you have to set up a second factor: a code of an app on your phone, besides the password.",
		"factor.begin":      "Set up",
		"factor.on":         "Your second factor is set up: at a login a code is asked for besides the password.",
		"factor.on-unasked": "Your second factor is set up. At a login by this entry no code is asked for.",
		"factor.left.one":   "%s recovery code is left.",
		"factor.left.other": "%s recovery codes are left.",
		"factor.required":   "You must have a second factor, so it cannot be turned off.",
		"factor.is-off":     "The second factor is turned off: the password alone lets you in.",

		"factor.codes-title": "New recovery codes",
		"factor.codes-help":  "The old ones will be worth nothing.",
		"factor.codes":       "Make recovery codes",
		"factor.again-title": "Another phone",
		"factor.again-help":  "The present app stays good until the new one is confirmed.",
		"factor.again":       "Set up anew",
		"factor.off-title":   "Turn off",
		"factor.off-help":    "From then on the password alone lets you in.",
		"factor.off":         "Turn off",

		"factor.setup-title":   "Set up the second factor",
		"factor.setup-app":     "On your phone, open an app for codes of this kind (TOTP). If you have none, install one: there are free ones.",
		"factor.setup-scan":    "With the app, take a picture of the square below, or type the key into it.",
		"factor.setup-code":    "Enter the code that the app shows then. You have a quarter of an hour.",
		"factor.qr":            "QR code with the key that stands below",
		"factor.key":           "The key, to be typed:",
		"factor.link":          "Open it in an app on this device",
		"factor.confirm":       "Confirm",
		"factor.others-end":    "Your sessions on other devices end then.",
		"factor.ask-help":      "Of the app that you use now, or a recovery code: you logged in without one.",
		"factor.wrong-both":    "The password or the code is not right, or the code was used already.",
		"factor.code-missing":  "Besides the password a code of the app is wanted here, or a recovery code (otp): you logged in without one.",
		"factor.wrong-confirm": "The code is not the one of this key. Look whether the clock of your phone is right, and enter the next one.",
		"factor.is-on":         "The second factor is set up. Its recovery codes were shown once; if you do not have them, make new ones.",
		"factor.late":          "It took too long, or was begun anew on another page. Begin once more.",

		"factor.recovery":       "Recovery codes",
		"factor.done":           "The second factor is set up.",
		"factor.recovery-intro": "Each of these codes lets you in once in the place of the app’s, when you do not have your phone. Print them or write them down, and keep them apart from the phone.",
		"factor.recovery-once":  "They are shown now and never again. Do not load this page again: where new ones were asked for, that would make others, and these would be no good.",
		"factor.go-on":          "I have kept them: go on",
	}
}
