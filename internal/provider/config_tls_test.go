package provider

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// testPKI is a certificate authority, and two client certificates, as PEM.
type testPKI struct {
	ca, certificate, key, sec1Key, otherCertificate, otherKey string
}

func newTestPKI(t testing.TB) testPKI {
	t.Helper()
	withClientCA := func(config *emulator.Config) { config.ClientCA = true }
	server, other := emulator.New(t, withClientCA), emulator.New(t, withClientCA)
	block, _ := pem.Decode(server.ClientKeyPEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	return testPKI{
		ca: string(server.CACertificatePEM()), certificate: string(server.ClientCertificatePEM()), key: string(server.ClientKeyPEM()),
		sec1Key:          testPEM("EC PRIVATE KEY", sec1),
		otherCertificate: string(other.ClientCertificatePEM()), otherKey: string(other.ClientKeyPEM()),
	}
}

func testPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func newAgreementKeyPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return testPEM("PRIVATE KEY", der)
}

// TestResolveConfig_pem gives each text as an attribute and as a file.
func TestResolveConfig_pem(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	for name, c := range map[string]struct{ attribute, text, problem string }{
		"no PEM":                      {"ca_certificate", "MIIC nonsense", "contains no PEM text"},
		"name of a file":              {"ca_certificate", "ca.pem", "looks like the path of a file. Set ca_certificate_file to the path instead"},
		"path of a file":              {"client_key", "/etc/ssl/key", "looks like the path of a file. Set client_key_file to the path instead"},
		"path with a line break":      {"client_key", "~/key.pem\n", "looks like the path of a file. Set client_key_file to the path instead"},
		"DER":                         {"ca_certificate", "\x30\x82\x01", "not DER"},
		"key in place of certificate": {"ca_certificate", pki.key, "contains PEM, but no certificate"},
		"line breaks as backslash n":  {"ca_certificate", strings.ReplaceAll(pki.ca, "\n", `\n`), "damaged"},
		"indented":                    {"ca_certificate", "  " + strings.ReplaceAll(pki.ca, "\n", "\n  "), "no line is indented"},
		"second certificate damaged": {
			"ca_certificate", pki.ca + testPEM("CERTIFICATE", []byte("nonsense")), "cannot be read (no. 2)",
		},
		"certificate in place of key": {"client_key", pki.certificate, "contains PEM, but no private key. Check that it belongs"},
		"encrypted PKCS #8":           {"client_key", testPEM("ENCRYPTED PRIVATE KEY", []byte(canaryKey)), "passphrase"},
		"encrypted PKCS #1": {"client_key", string(pem.EncodeToMemory(&pem.Block{
			Type: "RSA PRIVATE KEY", Bytes: []byte(canaryKey),
			Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"},
		})), "passphrase"},
		"damaged key":                {"client_key", testPEM("PRIVATE KEY", []byte(canaryKey)), "cannot be used with client_certificate_pem: tls: failed to parse"},
		"a secret as kind of block":  {"client_key", testPEM(canaryKey, []byte(canaryKey)), "no private key"},
		"key that cannot sign":       {"client_key", newAgreementKeyPEM(t), "cannot be used with"},
		"another's key":              {"client_key", pki.otherKey, "private key does not match public key. It must be the key of the first"},
		"no PEM in place of the key": {"client_key", canaryKey, "contains no PEM text"},
	} {
		block, at := block{}, c.attribute+"_pem"
		if c.attribute == "client_key" {
			at = "" // It is a secret.
			block["client_certificate_pem"] = pki.certificate
		}
		inFile, inBlock := maps.Clone(block), maps.Clone(block)
		inFile[c.attribute+"_file"], inBlock[c.attribute+"_pem"] = "file", c.text
		runConfigCases(t, map[string]configCase{
			name: {block: inBlock, errors: []string{at + ": " + c.problem}},
			name + " in a file": {
				block: inFile, files: map[string]string{"file": c.text},
				errors: []string{c.attribute + `_file: The file "file" (` + c.attribute + "_file) "},
			},
		})
	}
}

func TestResolveConfig_caCertificate(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	both := map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": "ca.pem", "TWCLOUD_CA_CERTIFICATE_PEM": pki.ca}
	several := "# one\n" + pki.certificate + "# two\n" + pki.ca
	for name, c := range map[string]struct {
		file, text, content, problem string
		environment                  map[string]string
	}{
		"PEM":                                {text: pki.ca},
		"several, with comments":             {text: several},
		"file":                               {file: "ca.pem", content: pki.ca},
		"file with a byte order mark":        {file: "ca.pem", content: "\ufeff" + pki.ca},
		"file beats the environment":         {file: "ca.pem", content: pki.ca, environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_PEM": "wrong"}},
		"file and PEM":                       {file: "ca.pem", text: pki.ca, content: pki.ca, problem: "_pem: ca_certificate_file and ca_certificate_pem are both set"},
		"file and PEM in the environment":    {content: pki.ca, environment: both, problem: "_pem: TWCLOUD_CA_CERTIFICATE_FILE and TWCLOUD_CA_CERTIFICATE_PEM are both set"},
		"no such file":                       {file: "a/ca.pem", problem: `_file: The file "a/ca.pem" (ca_certificate_file) cannot be read: file does not exist`},
		"home directory":                     {file: "~/ca.pem", problem: "_file: pathexpand(...)"},
		"PEM in place of a file":             {file: pki.ca, problem: "_file: must be the path of a file"},
		"no such file, from the environment": {environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": "\xff.pem"}, problem: `_file: The file "\xff.pem" (TWCLOUD_CA_CERTIFICATE_FILE)`},
	} {
		row := configCase{block: block{"ca_certificate_file": c.file, "ca_certificate_pem": c.text}, environment: c.environment}
		if c.content != "" {
			row.files = map[string]string{"ca.pem": c.content}
		}
		if c.problem != "" {
			row.errors = []string{"ca_certificate" + c.problem}
		}
		row.check = func(t *testing.T, o twcloud.Options) {
			block, _ := pem.Decode([]byte(pki.ca))
			authority, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := authority.Verify(x509.VerifyOptions{Roots: o.TLS.RootCAs}); err != nil {
				t.Errorf("the authority is not trusted: %v", err)
			}
		}
		runConfigCases(t, map[string]configCase{name: row})
	}
}

func TestResolveConfig_clientCertificate(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	cases := map[string]configCase{
		"PEM":      {block: block{"client_certificate_pem": pki.certificate, "client_key_pem": pki.key}},
		"SEC 1":    {block: block{"client_certificate_pem": pki.certificate, "client_key_pem": pki.sec1Key}},
		"chain":    {block: block{"client_certificate_pem": pki.certificate + pki.ca, "client_key_pem": pki.key}},
		"one file": {block: block{"client_certificate_pem": pki.certificate + pki.key, "client_key_pem": pki.certificate + pki.key}},
		"files":    {block: block{"client_certificate_file": "client.pem", "client_key_file": "client.key"}},
		"certificate in the block, key in the environment": {
			block: block{"client_certificate_pem": pki.certificate}, environment: map[string]string{"TWCLOUD_CLIENT_KEY_FILE": "client.key"},
		},
		"certificate alone": {
			block:  block{"client_certificate_pem": pki.certificate},
			errors: []string{"client_key_file: client_certificate_pem requires client_key_file or client_key_pem"},
		},
		"certificate alone, and damaged": {
			block:  block{"client_certificate_pem": "nonsense"},
			errors: []string{"client_key_file: requires", "client_certificate_pem: contains no PEM"},
		},
		"key alone, from the environment": {
			environment: map[string]string{"TWCLOUD_CLIENT_KEY_PEM": pki.key},
			errors:      []string{"client_certificate_file: TWCLOUD_CLIENT_KEY_PEM requires client_certificate_file or"},
		},
		"path in a variable for PEM": {
			environment: map[string]string{"TWCLOUD_CLIENT_CERTIFICATE_PEM": `C:\ssl\client.crt`, "TWCLOUD_CLIENT_KEY_PEM": pki.key},
			errors:      []string{"client_certificate_pem: Set TWCLOUD_CLIENT_CERTIFICATE_FILE to the path instead"},
		},
		"mixed up": {
			block:  block{"client_certificate_pem": pki.key, "client_key_pem": pki.certificate},
			errors: []string{"client_certificate_pem: no certificate", ": no private key"},
		},
		"issuer first": {
			block:  block{"client_certificate_pem": pki.ca + pki.certificate, "client_key_pem": pki.key},
			errors: []string{": key of the first certificate"},
		},
		"key as the name of a file": {
			block:  block{"client_certificate_file": "client.pem", "client_key_file": canaryKey + pki.key},
			errors: []string{"client_key_file: client_key_file must be the path of a file"},
		},
		"key file and key PEM": {
			block:  block{"client_certificate_file": "client.pem", "client_key_file": "client.key", "client_key_pem": pki.key},
			errors: []string{": both set"},
		},
	}
	for name, c := range cases {
		c.files = map[string]string{"client.pem": pki.certificate, "client.key": pki.key}
		c.check = func(t *testing.T, o twcloud.Options) {
			block, _ := pem.Decode([]byte(pki.certificate))
			if len(o.TLS.Certificates) != 1 || !bytes.Equal(o.TLS.Certificates[0].Certificate[0], block.Bytes) {
				t.Error("not the expected certificate")
			}
		}
		cases[name] = c
	}
	runConfigCases(t, cases)
}
