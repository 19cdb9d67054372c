package emulator

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// openAPI is the contract of the emulator. Its marks are under x-provenance.
//
//go:embed openapi.yaml
var openAPI []byte

// document is openAPI, parsed once for all servers of the process.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	parsed, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, fmt.Errorf("unable to read the OpenAPI document: %w", err)
	}
	if err := parsed.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	return parsed, nil
})

// ContractViolations returns what has not conformed to the OpenAPI document so
// far: requests of any kind, and answers that had no fault. It is empty
// without Config.ValidateContract. A request that is rightly refused, such as
// one with a blank name, is a violation, too.
func (s *Server) ContractViolations() []string {
	if s.contract == nil {
		return nil
	}
	s.contract.mu.Lock()
	defer s.contract.mu.Unlock()
	return slices.Clone(s.contract.violations)
}

// contract checks requests and answers against the OpenAPI document.
type contract struct {
	document *openapi3.T
	options  openapi3filter.Options

	mu         sync.Mutex
	violations []string
}

func newContract() (*contract, error) {
	parsed, err := document()
	if err != nil {
		return nil, err
	}
	c := &contract{document: parsed, options: openapi3filter.Options{
		IncludeResponseStatus:             true,
		MultiError:                        true,
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true,
		// The server decides who may do what, not the document.
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}}
	// The default message shows values, and a value can be a secret.
	c.options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return fmt.Sprintf("at /%s: rule %s", strings.Join(err.JSONPointer(), "/"), err.SchemaField)
	})
	return c, nil
}

func (c *contract) violated(x *exchange, format string, arguments ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf("%s %s %s: ", x.part, x.request.Method, x.request.URL.EscapedPath())+
		fmt.Sprintf(format, arguments...))
}

// check validates the request and, unless a fault applies, the response.
func (c *contract) check(ctx context.Context, x *exchange, a *answer, fault bool) {
	item := c.document.Paths.Value(x.operation)
	if x.operation == "" || item == nil {
		c.violated(x, "the path is not in the OpenAPI document")
		return
	}
	operation := item.GetOperation(x.request.Method)
	if operation == nil {
		c.violated(x, "the method is not in the OpenAPI document")
		return
	}
	for name := range x.request.URL.Query() {
		if operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			c.violated(x, "the parameter %q in the query is not in the OpenAPI document", name)
		}
	}
	request := *x.request
	request.Body = io.NopCloser(bytes.NewReader(x.body))
	input := &openapi3filter.RequestValidationInput{
		Request:    &request,
		PathParams: x.parameters,
		Route: &routers.Route{
			Spec: c.document, Path: x.operation, PathItem: item, Method: x.request.Method, Operation: operation,
		},
		Options: &c.options,
	}
	if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
		c.violated(x, "request: %v", err)
	}
	if !fault {
		c.checkAnswer(ctx, x, input, a)
	}
}

func (c *contract) checkAnswer(ctx context.Context, x *exchange, input *openapi3filter.RequestValidationInput, a *answer) {
	// openapi3filter lets these redirects pass unseen.
	if a.status == http.StatusMovedPermanently || a.status == http.StatusTemporaryRedirect {
		if input.Route.Operation.Responses.Status(a.status) == nil {
			c.violated(x, "answer: status %d is not in the OpenAPI document", a.status)
		} else if a.header.Get("Location") == "" {
			c.violated(x, "answer: status %d without Location", a.status)
		}
		return
	}
	options := c.options
	if a.status >= http.StatusBadRequest && len(a.body) == 0 {
		options.ExcludeResponseBody = true // A failure may come without a body.
	}
	err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 a.status,
		Header:                 a.header,
		Body:                   io.NopCloser(bytes.NewReader(a.body)),
		Options:                &options,
	})
	if err != nil {
		c.violated(x, "answer: status %d: %v", a.status, err)
	}
	if a.status == http.StatusNoContent && len(a.body) > 0 {
		c.violated(x, "answer: status 204 with a body")
	}
}
