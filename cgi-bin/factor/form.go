package main

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"

	"sharezone/internal/helper"
	"sharezone/internal/web"
)

// form is what the pages show.
type form struct {
	Next    string       // local path to go on to
	Carried *web.Carried // what was sent without a session, nil = nothing that is shown again
	Message string       // why it was refused, in the user's language; "" = not tried yet
	Op      string       // that was refused
	Forced  bool         // nothing else is answered before a second factor is set up

	helper.Factor
	URI string // of the secret that is set up
	QR  string // the same as an image
}

// way is the component's address, which knows where it leads on to.
func (f form) way(done string) string {
	query := url.Values{}
	if f.Next != "" {
		query.Set("next", f.Next)
	}
	if done != "" {
		query.Set("done", done)
	}
	if len(query) == 0 {
		return here
	}
	return here + "?" + query.Encode()
}

const (
	quiet = 4 // modules around the code that stay white, as ISO/IEC 18004 has it
	scale = 6 // pixels of a module
)

// drawQR returns a QR code as the address of an image: no file is made, and no other request shows the secret.
func drawQR(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	side := (code.Bounds().Dx() + 2*quiet) * scale
	drawn := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for x := range code.Bounds().Dx() {
		for y := range code.Bounds().Dy() {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				module := image.Rect(0, 0, scale, scale).Add(image.Pt((x+quiet)*scale, (y+quiet)*scale))
				draw.Draw(drawn, module, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, drawn); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(file.Bytes()), nil
}

// groups are a long text in parts of four, which can be typed from another screen.
func groups(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
