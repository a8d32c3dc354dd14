package zone

// Space is what a zone takes, in bytes on the disk (st_blocks) and objects.
type Space struct {
	Bytes   int64        `json:"bytes"`
	Files   int64        `json:"files"`
	Folders int64        `json:"folders"`
	People  []SpaceShare `json:"people"`    // by owner, largest first
	Top     []SpaceShare `json:"top_level"` // by first name below the root, largest first
	Free    int64        `json:"free"`      // of the file system, for who is not root
	Limit   *int64       `json:"limit"`     // of the zone, where the file system has one; null: none
}

// SpaceShare is the part of one person or one name.
type SpaceShare struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Files int64  `json:"files"`
}
