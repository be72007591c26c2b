using Loggregator.TestKit;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>A real syslog daemon that appends what it gets to a file.</summary>
internal sealed class SyslogPeer : SinkPeer
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-syslogd-").FullName;
    private readonly PeerCertificates? _certificates;
    private readonly PeerProcess _process;
    private readonly string _scheme;
    private readonly int _port;

    private SyslogPeer(SyslogDaemon daemon, string transport, bool mutual)
    {
        _scheme = transport == "tcp" ? "syslog" : "syslog-" + transport;
        _port = PeerProcess.FreePort(transport == "udp");
        _certificates = transport == "tls" ? new PeerCertificates() : null;
        Mutual = mutual;
        var configuration = Path.Combine(_folder, "conf");
        if (daemon == SyslogDaemon.Rsyslog)
        {
            File.WriteAllText(configuration, RsyslogConfiguration(transport));
            _process = new PeerProcess("rsyslogd", _folder, null, "-n", "-f", configuration, "-i", Path.Combine(_folder, "pid"));
        }
        else
        {
            File.WriteAllText(configuration, SyslogNgConfiguration(transport));
            var root = Path.Combine(Repository.Root, "artifacts", "peers", "syslog-ng", "usr");
            var libraries = Path.Combine(root, "lib", "syslog-ng");
            _process = new PeerProcess(
                Path.Combine(root, "sbin", "syslog-ng"),
                _folder,
                new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = libraries },
                "-F", "--no-caps", "-f", configuration, "-R", Path.Combine(_folder, "persist"), "-p", Path.Combine(_folder, "pid"), "-c", Path.Combine(_folder, "ctl"),
                "--module-path", Path.Combine(libraries, "3.38"));
        }
    }

    public bool Mutual { get; }

    public string Output => Path.Combine(_folder, "out.log");

    public override string Url => $"{_scheme}://localhost:{_port}";

    public override (string, string)[] Keys => _certificates is null ? []
        : Mutual ? [("ca", _certificates.Authority), ("cert", _certificates.Certificate("client")), ("key", _certificates.Key("client"))]
        : [("ca", _certificates.Authority)];

    // A source id with a space has no place in a syslog header.
    public override byte[]? Poison => new NumberedLog("app 0", 1).Envelope();

    public static async Task<SinkPeer> StartAsync(SyslogDaemon daemon, string transport, bool mutual = false)
    {
        var peer = new SyslogPeer(daemon, transport, mutual);
        await peer.RepairAsync();
        return peer;
    }

    public override IReadOnlyList<NumberedLog> Received() => NumberedLog.Find(Text());

    public string Text()
    {
        if (!File.Exists(Output))
        {
            return "";
        }

        using var file = new FileStream(Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    public override Task BreakAsync() => _process.EndAsync(TestContext.Current.CancellationToken);

    // UDP has nothing to connect to: the pid file says that it listens, which both daemons write last.
    public override Task RepairAsync()
    {
        File.Delete(Path.Combine(_folder, "pid"));
        return _process.StartAsync(
            () => _scheme == "syslog-udp" ? File.Exists(Path.Combine(_folder, "pid")) && UdpListens() : PeerProcess.Accepts(_port), TestContext.Current.CancellationToken);
    }

    public override bool Stall()
    {
        _process.Freeze();
        return true;
    }

    public override void Resume() => _process.Thaw();

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        _certificates?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private bool UdpListens() => File.ReadLines("/proc/net/udp").Any(line => line.Contains($":{_port:X4} ", StringComparison.Ordinal));

    private string RsyslogConfiguration(string transport)
    {
        var tls = _certificates is null ? "" : $"""
            global(DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="{_certificates.Authority}"
              DefaultNetstreamDriverCertFile="{_certificates.Certificate("server")}" DefaultNetstreamDriverKeyFile="{_certificates.Key("server")}")
            """;
        var driver = _certificates is null ? "" : $"StreamDriver.Name=\"ossl\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"{(Mutual ? "x509/certvalid" : "anon")}\"";
        return $"""
            global(workDirectory="{_folder}" net.enableDNS="off" maxMessageSize="512k")
            {tls}
            module(load="im{(transport == "udp" ? "udp" : "tcp")}" {driver})
            input(type="im{(transport == "udp" ? "udp" : "tcp")}" port="{_port}" address="127.0.0.1")
            template(name="raw" type="string" string="%rawmsg%\n")
            action(type="omfile" file="{Output}" template="raw")

            """;
    }

    private string SyslogNgConfiguration(string transport)
    {
        var tls = _certificates is null ? "" : $"tls(key-file(\"{_certificates.Key("server")}\") cert-file(\"{_certificates.Certificate("server")}\") ca-file(\"{_certificates.Authority}\") peer-verify({(Mutual ? "required-trusted" : "optional-untrusted")}))";
        return $$"""
            @version: 3.35
            options { use-dns(no); log-msg-size(524288); };
            source s { syslog(ip(127.0.0.1) port({{_port}}) transport("{{transport}}") {{tls}}); };
            destination d { file("{{Output}}" template("${ISODATE} ${HOST} ${PROGRAM} ${PID} ${SDATA} ${MSG}\n") flush-lines(1)); };
            log { source(s); destination(d); };

            """;
    }
}
