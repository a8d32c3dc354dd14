package zone

// Drift is something in a zone whose owner, mode or access list is not what the zone's root makes of it.
type Drift struct {
	Path  string   `json:"path"` // below the root, segments percent-encoded; "" is the root
	Kind  string   `json:"kind"`
	Found string   `json:"found"`
	Right string   `json:"right"`
	Mend  []string `json:"mend"`  // commands for a shell of root; empty where only a person can decide
	Apply bool     `json:"apply"` // the operation "apply" mends it
}
