using Loggregator.Nozzle.Rendering;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks.Https;

/// <summary>The options of <c>https://</c> and <c>https-batch://</c>.</summary>
internal sealed class HttpsOptions
{
    /// <summary>Reads them.</summary>
    public HttpsOptions(SinkUrl url, OptionReader read)
    {
        IsBatch = url.Scheme == "https-batch";
        if (url.Hosts is [var host])
        {
            Host = host.Host;
            var query = url.Query.Length > 0 ? "?" + url.Query : "";
            Address = new Uri($"https://{(host.Port == 0 ? host.ToString()[..^2] : host)}{(url.Path.Length == 0 ? "/" : url.Path)}{query}");
        }
        else
        {
            read.Fail("name one host, for example https://logs.example.com/intake.");
            (Host, Address) = ("", new Uri("https://none/"));
        }

        Format = RecordFormats.Read(read, RecordFormatName.Syslog, batched: IsBatch);
        Timeout = read.Read("timeout", TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Compression = read.Read("compression", HttpsCompression.None);
        BatchBytes = read.Read("batch-bytes", 524_288, 1_000, 16 * 1024 * 1024);
        BatchInterval = read.Read("batch-interval", TimeSpan.FromSeconds(1), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Tls = TlsOptions.Read(read, Host);
        if (read.Text("token", secret: true) is { } token)
        {
            Authorization = "Bearer " + token;
        }
        else if (url.User.Length > 0)
        {
            Authorization = "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{url.User}:{url.Password}"));
        }
    }

    /// <summary>Whether a request holds many messages.</summary>
    public bool IsBatch { get; }

    /// <summary>Where requests go, query and all.</summary>
    public Uri Address { get; }

    /// <summary>What is dialled.</summary>
    public string Host { get; }

    /// <summary>The form of messages.</summary>
    public IRecordFormat Format { get; }

    /// <summary>For one request.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Of bodies.</summary>
    public HttpsCompression Compression { get; }

    /// <summary>A batch is sent when its envelopes have so many bytes.</summary>
    public int BatchBytes { get; }

    /// <summary>Or after so long.</summary>
    public TimeSpan BatchInterval { get; }

    /// <summary>TLS.</summary>
    public TlsOptions Tls { get; }

    /// <summary>The header of this name; null for none.</summary>
    public string? Authorization { get; }
}
