using System.Runtime.InteropServices;
using System.Text.Json;
using Loggregator.TestKit.Cluster;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>What a file sink has written: each numbered line with the id of its record, and what gap records say. A line that a crash cut off is none.</summary>
internal sealed class SinkFile
{
    private readonly Dictionary<string, (string Source, long Number)> _lines = [];
    private readonly Dictionary<string, List<long>> _firstSeen = [];
    private readonly HashSet<string> _gaps = [];
    private readonly string _path;
    private readonly List<byte> _open = []; // a line whose end is not there yet
    private long _read;

    private SinkFile(string path) => _path = path;

    /// <summary>Lines that are no JSON.</summary>
    public int Cut { get; private set; }

    /// <summary>Records that came again.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Different numbered lines.</summary>
    public int Count => _lines.Count;

    /// <summary>Gap records: source, hop, reason, count.</summary>
    public List<(string Source, string Hop, string Reason, long Count)> Gaps { get; } = [];

    /// <summary>All sources.</summary>
    public IEnumerable<string> Sources => _firstSeen.Keys;

    /// <summary>Reads it.</summary>
    public static SinkFile Of(string path) => new SinkFile(path).Refresh();

    /// <summary>Reads what was written since.</summary>
    public SinkFile Refresh()
    {
        if (!File.Exists(_path))
        {
            return this;
        }

        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) { Position = _read };
        var buffer = new byte[64 * 1024];
        while (file.Read(buffer) is > 0 and var count)
        {
            _read += count;
            var rest = buffer.AsSpan(0, count);
            while (rest.IndexOf((byte)'\n') is >= 0 and var end)
            {
                _open.AddRange(rest[..end]);
                AddLine(CollectionsMarshal.AsSpan(_open));
                _open.Clear();
                rest = rest[(end + 1)..];
            }

            _open.AddRange(rest);
        }

        return this;
    }

    /// <summary>The numbers of a source, in the order in which each first came.</summary>
    public IReadOnlyList<long> Numbers(string source) => _firstSeen.GetValueOrDefault(source, []);

    private void AddLine(ReadOnlySpan<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            using var record = JsonDocument.ParseValue(ref json);
            Add(record.RootElement);
        }
        catch (JsonException)
        {
            Cut++;
        }
    }

    private void Add(JsonElement record)
    {
        var envelope = record.GetProperty("envelope");
        var source = envelope.GetProperty("source_id").GetString()!;
        if (envelope.TryGetProperty("log", out var log))
        {
            if (!Numbered.TryRead(Convert.FromBase64String(log.GetProperty("payload").GetString()!), out var number))
            {
                return;
            }

            var id = record.GetProperty("id").GetString()!;
            if (!_lines.TryAdd(id, (source, number)))
            {
                Duplicates += _lines[id] == (source, number) ? 1 : throw new InvalidOperationException($"{id} is {_lines[id]}, and {source} {number}.");
                return;
            }

            (_firstSeen.TryGetValue(source, out var numbers) ? numbers : _firstSeen[source] = []).Add(number);
        }
        else if (envelope.TryGetProperty("counter", out var counter) && counter.GetProperty("name").GetString() == "dropped" && _gaps.Add(record.GetProperty("id").GetString()!))
        {
            var tags = envelope.GetProperty("tags");
            Gaps.Add((source, tags.GetProperty("hop").GetString()!, tags.GetProperty("reason").GetString()!, long.Parse(counter.GetProperty("delta").GetString()!, System.Globalization.CultureInfo.InvariantCulture)));
        }
    }
}
