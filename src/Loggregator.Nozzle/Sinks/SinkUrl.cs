using System.Diagnostics.CodeAnalysis;
using System.Text;
using Loggregator.Client.Connect;

namespace Loggregator.Nozzle.Sinks;

/// <summary>
/// A sink's URL in parts, and the only place that knows how to speak of it: <see cref="ToString"/> shows neither user, password, query nor the
/// path of a web address, and <see cref="Redact"/> strikes all secrets out of other texts.
/// </summary>
internal sealed class SinkUrl
{
    private const string Struck = "***";
    private static readonly HashSet<string> Web = ["https", "https-batch"];
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);

    private SinkUrl(string scheme)
    {
        Scheme = scheme;
    }

    /// <summary>In lower case.</summary>
    public string Scheme { get; }

    /// <summary>Empty where there is none.</summary>
    public string User { get; private set; } = "";

    /// <summary>Empty where there is none.</summary>
    public string Password { get; private set; } = "";

    /// <summary>The hosts, with port 0 where none is given.</summary>
    public IReadOnlyList<HostAndPort> Hosts { get; private set; } = [];

    /// <summary>As it stands in the URL, still percent-encoded, with its slash.</summary>
    public string Path { get; private set; } = "";

    /// <summary>As it stands in the URL, without question mark.</summary>
    public string Query { get; private set; } = "";

    /// <summary>As it stands in the URL, without number sign.</summary>
    public string Fragment { get; private set; } = "";

    /// <summary>Whether the query is the receiver's, so that the sink's options stand in the fragment.</summary>
    public bool IsWeb => Web.Contains(Scheme);

    /// <summary>Reads a URL. A message never repeats any of it but the scheme.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SinkUrl? url, out string error)
    {
        url = null;
        error = "is not a URL: it must begin with a scheme, such as kafka://, syslog:// or file:///";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !Uri.CheckSchemeName(text[..colon]))
        {
            return false;
        }

        var parsed = new SinkUrl(text[..colon].ToLowerInvariant());
        var rest = parsed.CutTail(text[(colon + 1)..]);
        if (rest.StartsWith("//", StringComparison.Ordinal))
        {
            var slash = rest.IndexOf('/', 2);
            var authority = slash < 0 ? rest[2..] : rest[2..slash];
            rest = slash < 0 ? "" : rest[slash..];
            if (!parsed.TryReadAuthority(authority))
            {
                error = $"has no readable host in its {parsed.Scheme} address: write host:port, [address]:port for IPv6, and percent-encode : / ? # @ in user and password";
                return false;
            }
        }

        parsed.Path = rest;
        if (parsed.IsWeb)
        {
            parsed.AddSecret(rest.Length > 1 ? rest : "");
            parsed.AddSecret(parsed.Query);
        }

        (url, error) = (parsed, "");
        return true;
    }

    /// <summary>From now on a text that <see cref="Redact"/> strikes out, in the forms in which it is likely to turn up.</summary>
    public void AddSecret(string secret)
    {
        if (secret.Length > 0)
        {
            _secrets.Add(secret);
            _secrets.Add(Uri.EscapeDataString(secret));
            _secrets.Add(Uri.UnescapeDataString(secret));
        }
    }

    /// <summary>A text without this URL's secrets.</summary>
    public string Redact(string text)
    {
        foreach (var secret in _secrets.OrderByDescending(secret => secret.Length))
        {
            text = text.Replace(secret, Struck, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The URL as it may be shown.</summary>
    public override string ToString()
    {
        var hosts = string.Join(',', Hosts.Select(host => host.Port == 0 ? host.ToString()[..^2] : host.ToString()));
        var path = !IsWeb ? Path : Path.Length > 1 ? "/…" : "";
        return Hosts.Count > 0 || path.StartsWith('/') ? $"{Scheme}://{hosts}{path}" : $"{Scheme}:{path}";
    }

    private string CutTail(string rest)
    {
        var hash = rest.IndexOf('#', StringComparison.Ordinal);
        if (hash >= 0)
        {
            Fragment = rest[(hash + 1)..];
            rest = rest[..hash];
        }

        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        if (mark >= 0)
        {
            Query = rest[(mark + 1)..];
            rest = rest[..mark];
        }

        return rest;
    }

    private bool TryReadAuthority(string authority)
    {
        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var login = authority[..at];
            var colon = login.IndexOf(':', StringComparison.Ordinal);
            User = Uri.UnescapeDataString(colon < 0 ? login : login[..colon]);
            Password = colon < 0 ? "" : Uri.UnescapeDataString(login[(colon + 1)..]);
            AddSecret(login);
            AddSecret(User);
            AddSecret(Password);
            AddSecret(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
            authority = authority[(at + 1)..];
        }

        var hosts = new List<HostAndPort>();
        foreach (var part in authority.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var hasPort = part.LastIndexOf(':') > part.LastIndexOf(']');
            if (!HostAndPort.TryParse(hasPort ? part : part + ":0", out var host) || Uri.CheckHostName(host.Host) == UriHostNameType.Unknown)
            {
                return false;
            }

            hosts.Add(host);
        }

        Hosts = hosts;
        return true;
    }
}
