package text

// englishUploads says the same as italianUploads, key by key.
func englishUploads() map[string]string {
	return map[string]string{
		"uploads.title":          "Uploads",
		"uploads.folder":         "Choose a folder",
		"uploads.drag":           "Files and folders can also be dragged onto this page. Large files show how far they are, can be paused, and go on by themselves after a lost connection.",
		"uploads.pause":          "Pause",
		"uploads.resume":         "Resume",
		"uploads.retry":          "Try again",
		"uploads.cancel":         "Cancel",
		"uploads.pause-all":      "Pause all",
		"uploads.resume-all":     "Resume all",
		"uploads.retry-all":      "Try again what failed",
		"uploads.cancel-all":     "Cancel all",
		"uploads.show":           "Show the folder",
		"uploads.taken":          "There is already a file of this name",
		"uploads.keep-both":      "Keep both",
		"uploads.replace":        "Replace my earlier one",
		"uploads.skip":           "Leave the one that is there",
		"uploads.for-all":        "Do the same with all others",
		"uploads.say-waiting":    "waiting",
		"uploads.say-running":    "on its way",
		"uploads.say-paused":     "paused",
		"uploads.say-asking":     "waiting for your answer",
		"uploads.say-done":       "has arrived",
		"uploads.say-skipped":    "left as it was",
		"uploads.say-cancelled":  "cancelled",
		"uploads.say-retrying":   "connection lost, trying again",
		"uploads.say-state":      "%s of %s files, %s of %s.",
		"uploads.say-speed":      "%s per second, %s left.",
		"uploads.say-ended":      "Arrived: %s. Left out: %s. Failed: %s.",
		"uploads.say-session":    "Your session has ended. Log in again in another window, then try again: it goes on where it stopped.",
		"uploads.say-lost":       "The connection was lost. Try again when it is back: it goes on where it stopped.",
		"uploads.say-failed":     "It could not be uploaded. Try again; if the problem stays, tell the administrator.",
		"uploads.say-unreadable": "The browser could not read it. Check that you may open it on your computer.",
	}
}
