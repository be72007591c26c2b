using System.CommandLine;
using System.Net.Sockets;
using System.Security.Authentication;
using Loggregator.Client;
using Loggregator.Client.Connect;

namespace Loggregator.Commands;

/// <summary>The options by which a command finds a Traffic Controller's HTTP port.</summary>
internal sealed class EdgeOptions
{
    private readonly Option<string> _url = new("--url")
    {
        Description = "The Traffic Controller's HTTP port.",
        HelpName = "URL",
        DefaultValueFactory = _ => Default,
    };

    private readonly Option<string?> _authority = new("--ca") { Description = "The CA (PEM) that the server must be of, for https.", HelpName = "FILE" };

    private readonly Option<string?> _token = new("--token") { Description = "Bearer token; or LOGGREGATOR_TOKEN.", HelpName = "TOKEN" };

    private static string Default => Environment.GetEnvironmentVariable("LOGGREGATOR_URL") is { Length: > 0 } url ? url : "http://127.0.0.1:8081";

    public EdgeOptions(Command command)
    {
        command.Add(_url);
        command.Add(_authority);
        command.Add(_token);
    }

    /// <summary>The address, for messages.</summary>
    public string Url(ParseResult parsed) => (parsed.GetValue(_url) ?? Default).TrimEnd('/');

    /// <summary>A client for it.</summary>
    /// <exception cref="CommandFailedException">The address or the CA file is of no use.</exception>
    public HttpClient Connect(ParseResult parsed, TimeProvider time)
    {
        if (!Uri.TryCreate(Url(parsed), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new CommandFailedException($"--url {Url(parsed)}: write http://host:port or https://host:port.");
        }

        var tls = parsed.GetValue(_authority) is { Length: > 0 } file ? new ClientTls { AuthorityFile = file } : null;
        var client = HttpConnector.Open(url, tls, time);
        var token = parsed.GetValue(_token) ?? Environment.GetEnvironmentVariable("LOGGREGATOR_TOKEN");
        if (!string.IsNullOrEmpty(token))
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        return client;
    }

    /// <summary>Why a request failed, in words.</summary>
    public static string Reason(Exception e) => e.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nothing listens there; is 'loggregator dev' running?",
        AuthenticationException tls => $"TLS failed ({tls.Message.TrimEnd('.')}); name the CA with --ca",
        var inner => inner.Message.TrimEnd('.'),
    };
}
