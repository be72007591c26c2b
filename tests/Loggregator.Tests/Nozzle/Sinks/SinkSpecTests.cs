using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Sinks;
using Xunit;

namespace Loggregator.Tests.Nozzle.Sinks;

public sealed class SinkSpecTests
{
    private static readonly Dictionary<string, IReadOnlyList<string>> None = [];

    [Theory]
    [InlineData("kafka://broker:9092/logs", "kafka://broker:9092/logs")]
    [InlineData("kafka://a:9092,b/logs?format=protobuf&compression=zstd&linger.ms=5&broker.version.fallback=0.9.0.1&api.version.request=false&enable.idempotence=false", "kafka://a:9092,b/logs")]
    [InlineData("kafka://u:p@a/logs?sasl=scram-sha-512&tls=true&ca=/x", "kafka://a/logs")]
    [InlineData("syslog://host:514", "syslog://host:514")]
    [InlineData("SYSLOG-TLS://[::1]:6514?ssl-strict-internal=true&drain-data=all", "syslog-tls://[::1]:6514")]
    [InlineData("syslog-udp://10.0.0.1:514?max-datagram=1024&format=cef", "syslog-udp://10.0.0.1:514")]
    [InlineData("https://u:p@host/path/secret?token=x&anything=goes", "https://host/…")]
    [InlineData("https-batch://host:8443#format=ecs&compression=gzip", "https-batch://host:8443")]
    [InlineData("file:///var/log/x.ndjson?rotate-bytes=1MiB&rotate-every=1h&keep=3&compression=zstd", "file:///var/log/x.ndjson")]
    [InlineData("file:x.log?format=text", "file:x.log")]
    [InlineData("stdout:", "stdout:")]
    [InlineData("blackhole:?mode=live&order=live-first&when-full=drop-oldest&buffer=10MiB", "blackhole:")]
    public void Url_ThatIsGood_IsTakenAndShownWithoutSecrets(string url, string shown)
    {
        var errors = new List<string>();
        var spec = SinkSpec.Parse(url, None, errors);
        Assert.Empty(errors);
        Assert.Equal(shown, spec!.Url.ToString());
    }

    [Theory]
    [InlineData("stdout:?formta=text", "there is no option 'formta'. Did you mean 'format'?")]
    [InlineData("syslog://host:514?frame=octet", "there is no option 'frame'")]
    [InlineData("kafak://host/x", "There is no sink for 'kafak:'. Did you mean 'kafka'?")]
    [InlineData("kafka://host", "name brokers and a topic")]
    [InlineData("kafka://host/a b", "name brokers and a topic")]
    [InlineData("kafka://u@host/a", "say how it logs in")]
    [InlineData("kafka://host/a?topics=nothing", "'nothing' is not PATTERN:TOPIC")]
    [InlineData("kafka://host/a?ca=/x", "ca has no use without tls=true")]
    [InlineData("syslog://host", "name one host with its port")]
    [InlineData("syslog://host:514/path", "name one host with its port")]
    [InlineData("syslog://host:514?format=protobuf", "syslog carries text")]
    [InlineData("syslog-tls://host:6514?cert=/x", "cert and key belong together")]
    [InlineData("stdout:?format=xml", "format: 'xml' is not one of json, protobuf, text, cef, ecs, syslog, syslog-plain.")]
    [InlineData("file:///x/?keep=0", "name a file")]
    [InlineData("file:///x?keep=0", "keep: '0' is out of range: it must be at least 1.")]
    [InlineData("file:///x?rotate-every=5", "")]
    [InlineData("file:///x?match=(", "match: '(' is no regular expression")]
    [InlineData("file:///x?match=(a)%5C1", "that takes linear time")]
    [InlineData("file:///x?selectors=logs", "selectors: 'logs' is none")]
    [InlineData("stdout:?retry-min=10s&retry-max=1s", "retry-max is shorter than retry-min")]
    [InlineData("nothing", "is not a URL")]
    [InlineData("https://", "name one host")]
    public void Url_ThatIsWrong_IsRefusedWithTheCure(string url, string error)
    {
        var errors = new List<string>();
        var spec = SinkSpec.Parse(url, None, errors);
        if (error.Length == 0)
        {
            Assert.NotNull(spec);
            return;
        }

        Assert.Null(spec);
        Assert.Contains(errors, found => found.Contains(error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://user:to/p@secret@host:nonsense/")]
    [InlineData("kafka://user:topsecret@host:99999/x")]
    [InlineData("kafka://user:topsecret@host/x?password=1&sasl=bad")]
    [InlineData("kafka://host/x?sasl.password=topsecret&nonsense=1")]
    [InlineData("syslog://user:topsecret@host:514")]
    [InlineData("https://host/x#token=topsecret&nonsense=topsecret&timeout=topsecret")]
    [InlineData("https://user:topsecret@host/topsecret?topsecret#keyy=2")]
    public void Errors_OfAUrlWithSecrets_DoNotShowThem(string url)
    {
        var errors = new List<string>();
        Assert.Null(SinkSpec.Parse(url, None, errors));
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.DoesNotContain("secret", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_AreTheSameOptions_AndTheUrlGoesFirst()
    {
        var errors = new List<string>();
        var keys = new Dictionary<string, IReadOnlyList<string>> { ["mode"] = ["live"], ["retry-max"] = ["5s"], ["sources"] = ["app-*", "!app-9"] };
        var spec = SinkSpec.Parse("stdout:?retry-max=7s", keys, errors)!;
        Assert.Empty(errors);
        Assert.Equal(BufferMode.Live, spec.Buffer.Mode);
        Assert.Equal(TimeSpan.FromSeconds(7), spec.Delivery.RetryMax);
    }

    [Fact]
    public void AllErrors_AreToldAtOnce()
    {
        var errors = new List<string>();
        SinkSpec.Parse("file:///x?keep=x&format=y&unknown=z", None, errors);
        Assert.Equal(3, errors.Count);
    }

    [Theory]
    [InlineData("a/b", "***")]
    [InlineData("the password a/b was wrong", "the password *** was wrong")]
    [InlineData("at https://user:a%2Fb@host", "at https://***@host")]
    [InlineData("Basic dXNlcjphL2I=", "Basic ***")]
    public void Redact_StrikesSecretsOutInEveryForm(string text, string redacted)
    {
        Assert.True(SinkUrl.TryParse("https://user:a%2Fb@host/", out var url, out _));
        Assert.Equal(redacted, url.Redact(text));
    }
}
