using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>nginx as the end of https: it writes the bodies it gets to a file, and takes none above 64 KiB.</summary>
internal sealed class NginxPeer : SinkPeer
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-nginx-").FullName;
    private readonly PeerCertificates _certificates = new();
    private readonly PeerProcess _process;
    private readonly string _scheme;
    private readonly int _port = PeerProcess.FreePort();

    private NginxPeer(string scheme)
    {
        _scheme = scheme;
        var configuration = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(configuration, Configuration(PeerProcess.FreePort()));
        _process = new PeerProcess("nginx", _folder, null, "-c", configuration, "-p", _folder, "-e", "stderr");
    }

    public override string Url => $"{_scheme}://localhost:{_port}/intake?q=1";

    public override (string, string)[] Keys => [("ca", _certificates.Authority), ("batch-interval", "20ms")];

    public override byte[]? Poison => new NumberedLog("app-0", 9_999).Envelope(padding: 80_000);

    public static async Task<SinkPeer> StartAsync(string scheme)
    {
        var peer = new NginxPeer(scheme);
        await peer.RepairAsync();
        return peer;
    }

    /// <summary>For each request a line with path, type, agent and authorization, then the body.</summary>
    public string Text()
    {
        var path = Path.Combine(_folder, "bodies.log");
        if (!File.Exists(path))
        {
            return "";
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    public override IReadOnlyList<NumberedLog> Received() => NumberedLog.Find(Text());

    public override Task BreakAsync() => _process.EndAsync(TestContext.Current.CancellationToken);

    public override Task RepairAsync() => _process.StartAsync(() => PeerProcess.Accepts(_port), TestContext.Current.CancellationToken);

    public override bool Stall()
    {
        _process.Freeze();
        return true;
    }

    public override void Resume() => _process.Thaw();

    public override string? UrlWithSecrets(string user, string password) =>
        $"{_scheme}://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@localhost:{_port}/hidden-user?token=pass%20word";

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    // The body is logged once something has read it: the second server.
    private string Configuration(int inner) => $$"""
        daemon off;
        master_process off;
        worker_processes 1;
        pid {{_folder}}/pid;
        events { worker_connections 256; }
        http {
          client_body_temp_path {{_folder}}/body; proxy_temp_path {{_folder}}/proxy; fastcgi_temp_path {{_folder}}/fastcgi;
          uwsgi_temp_path {{_folder}}/uwsgi; scgi_temp_path {{_folder}}/scgi;
          log_format body escape=none '$request_method $request_uri|$content_type|$http_user_agent|$http_authorization\n$request_body';
          access_log off;
          client_max_body_size 64k;
          client_body_buffer_size 64k;
          server {
            listen 127.0.0.1:{{_port}} ssl;
            ssl_certificate {{_certificates.Certificate("server")}};
            ssl_certificate_key {{_certificates.Key("server")}};
            location / { access_log {{_folder}}/bodies.log body if=$request_body; proxy_pass http://127.0.0.1:{{inner}}; }
          }
          server { listen 127.0.0.1:{{inner}}; location / { return 204; } }
        }

        """;
}
