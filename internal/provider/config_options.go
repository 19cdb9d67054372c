package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// clientOptions turns settings without unknown values into what a client needs.
// Errors contain no secret.
func (s settings) clientOptions(userAgent string) (twcloud.Options, error) {
	endpoint, err := url.Parse(s.endpoint)
	if err != nil {
		return twcloud.Options{}, fmt.Errorf("endpoint: %w", err)
	}
	webAppEndpoint, err := url.Parse(s.webAppEndpoint)
	if err != nil {
		return twcloud.Options{}, fmt.Errorf("webapp_endpoint: %w", err)
	}
	tlsConfig, err := s.tlsConfig()
	if err != nil {
		return twcloud.Options{}, err
	}

	options := twcloud.NewOptions()
	options.Endpoint = endpoint
	options.WebAppEndpoint = webAppEndpoint
	options.WebAppExplicit = s.webAppExplicit
	options.Credentials = s.clientCredentials()
	if s.apiProfile == "" {
		options.OAuthConsumersPath = s.oauthConsumersPath
	} else {
		var problems []string
		if options.Profile, problems = twcloud.ParseProfile([]byte(s.apiProfile)); len(problems) > 0 {
			return twcloud.Options{}, errors.New("api_profile_file: " + problems[0])
		}
	}
	options.TLS = tlsConfig
	options.RequestTimeout = s.requestTimeout
	options.MaxRetries = s.maxRetries
	options.MaxConcurrentRequests = s.maxConcurrentRequests
	options.UserAgent = userAgent
	return options, nil
}

func (s settings) clientCredentials() twcloud.Credentials {
	if s.token != "" {
		return twcloud.TokenCredentials{Token: s.token}
	}
	return twcloud.BasicCredentials{Username: s.username, Password: s.password}
}

func (s settings) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         s.tlsServerName,
		InsecureSkipVerify: s.insecureSkipVerify, //nolint:gosec // Off by default; turning it on gives a warning.
	}

	if s.caCertificatePEM != "" {
		authorities, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("reading the system's certificate authorities: %w", err)
		}
		if !authorities.AppendCertsFromPEM([]byte(s.caCertificatePEM)) {
			return nil, errors.New("ca_certificate: no certificate found")
		}
		config.RootCAs = authorities
	}

	if s.clientCertificatePEM != "" {
		certificate, err := tls.X509KeyPair([]byte(s.clientCertificatePEM), []byte(s.clientKeyPEM))
		if err != nil {
			return nil, errors.New("client_certificate and client_key: not a pair that can be used")
		}
		config.Certificates = []tls.Certificate{certificate}
	}

	return config, nil
}
