package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
)

// The whole way of a partner, TLS, the reverse proxy, the external entry, against what the same two Apaches do with plain files.
const (
	proxySite  = "https://127.0.0.1:8443"
	proxyTrust = place + "/cert.pem"
	tinyFolder = "tiny" // with one file of a few bytes
	tinyName   = "Drawing 00000, sheet A.pdf"
)

// compareProxy prints the table. All of it is on one machine: what TLS costs the proxy is taken from the inside.
func compareProxy() error {
	c, err := loginAt(proxySite, user)
	if err != nil {
		return err
	}
	tiny := "zones/" + zone + "/" + tinyFolder + "/" + tinyName
	if err := errors.Join(os.Chmod(place+"/disk/"+tiny, 0o644), os.Link(place+"/disk/"+tiny, place+"/disk/files/tiny")); err != nil {
		return err
	}
	ours := func(name string) string { return proxySite + "/cgi-bin/shz/" + zone + "/" + name }
	plain := func(name string) string { return proxySite + "/bench/files/" + name }

	samples, err := alternate(roundsTransfer,
		way{"download", func() (float64, error) { return c.download(ours(largeName), largeSize) }},
		way{"plain", func() (float64, error) { return c.download(plain(largeName), largeSize) }},
	)
	if err != nil {
		return err
	}
	row("download of 1 GiB / file sent by Apache, both by the proxy", "MiB/s", samples[0], samples[1], atLeast(0.8))

	samples, err = alternate(roundsTransfer,
		way{"PUT", func() (float64, error) { return c.upload(ours("arrived"), zoneFolder+"/arrived", largeFile, false) }},
		way{"mod_dav", func() (float64, error) { return c.upload(proxySite+"/bench/dav/arrived", davFile, largeFile, true) }},
	)
	if err != nil {
		return err
	}
	row("upload of 1 GiB / PUT of mod_dav, then sync -f, both by the proxy", "MiB/s", samples[0], samples[1], atLeast(0.8))

	inside, err := loginAt(site, user)
	if err != nil {
		return err
	}
	samples, err = alternate(roundsListing,
		way{"small", func() (float64, error) { return c.rate(ours(tinyFolder+"/"+url.PathEscape(tinyName)), "", zoneFolder) }},
		way{"plain", func() (float64, error) { return c.rate(plain("tiny"), "", zoneFolder) }},
		way{"hello", func() (float64, error) { return c.rate(proxySite+"/bench/cgi-bin/hello", "", "hello") }},
		way{"least", func() (float64, error) { return c.rate(proxySite+"/bench/cgi-bin/least", "", "hello") }},
		way{"page", func() (float64, error) { return c.rate(ours(fewFolder+"/"), "text/html", "00199") }},
		way{"inside", func() (float64, error) { return inside.rate(folderURL(fewFolder), "text/html", "00199") }},
	)
	if err != nil {
		return err
	}
	row("a small file / the same sent by Apache, both by the proxy", "requests/s", samples[0], samples[1], atLeast(0.8))
	row("a small file / bare CGI, both by the proxy", "requests/s", samples[0], samples[2], none())
	row("the least CGI there can be, in C / a small file sent by Apache, both by the proxy", "requests/s", samples[3], samples[1], none())
	row("200 entries, HTML, by the proxy / inside", "requests/s", samples[4], samples[5], atLeast(0.8))
	return nil
}

// trustProxy is what a client needs to believe the certificate that bench/run.sh made.
func trustProxy() (*tls.Config, error) {
	b, err := os.ReadFile(proxyTrust)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // there is no proxy
	}
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New(proxyTrust + " is no certificate")
	}
	return &tls.Config{RootCAs: pool}, nil
}
