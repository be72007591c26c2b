using System.Buffers;
using System.Text;
using Loggregator.Protocol.LogCache;

namespace Loggregator.Protocol.Json;

/// <summary>log-cache's answers as protobuf JSON on a single line, each with the newline that ends it. Its clients refuse a field that they do not know.</summary>
public static class LogCacheJson
{
    /// <summary>What stands before the envelopes of a read; between two is a comma.</summary>
    public static ReadOnlySpan<byte> ReadStart => "{\"envelopes\":{\"batch\":["u8;

    /// <summary>What stands behind them.</summary>
    public static ReadOnlySpan<byte> ReadEnd => "]}}\n"u8;

    /// <summary>Writes what is known of sources, by their ids, with all fields under their names in the proto.</summary>
    public static void WriteMeta(IBufferWriter<byte> writer, MetaResponse meta)
    {
        ArgumentNullException.ThrowIfNull(meta);
        var json = new JsonText(writer);
        json.Raw("{\"meta\":{"u8);
        var first = true;
        foreach (var (source, info) in Sorted(meta))
        {
            json.Raw(first ? ""u8 : ","u8);
            first = false;
            json.String(source);
            json.Raw(":{\"count\":"u8);
            json.Integer(info.Count);
            json.Raw(",\"expired\":"u8);
            json.Integer(info.Expired);
            json.Raw(",\"oldest_timestamp\":"u8);
            json.Integer(info.OldestTimestamp);
            json.Raw(",\"newest_timestamp\":"u8);
            json.Integer(info.NewestTimestamp);
            json.Raw("}"u8);
        }

        json.Raw("}}\n"u8);
        json.Flush();
    }

    /// <summary>The same as the authenticating proxy writes it: in lower camel case, and without fields that are zero or empty.</summary>
    public static void WriteShortMeta(IBufferWriter<byte> writer, MetaResponse meta)
    {
        ArgumentNullException.ThrowIfNull(meta);
        var json = new JsonText(writer);
        json.Raw(meta.Meta.Count == 0 ? "{"u8 : "{\"meta\":{"u8);
        var first = true;
        foreach (var (source, info) in Sorted(meta))
        {
            json.Raw(first ? ""u8 : ","u8);
            first = false;
            json.String(source);
            json.Raw(":{"u8);
            var written = Field(ref json, "\"count\":"u8, info.Count, false);
            written = Field(ref json, "\"expired\":"u8, info.Expired, written);
            written = Field(ref json, "\"oldestTimestamp\":"u8, info.OldestTimestamp, written);
            Field(ref json, "\"newestTimestamp\":"u8, info.NewestTimestamp, written);
            json.Raw("}"u8);
        }

        json.Raw(meta.Meta.Count == 0 ? "}\n"u8 : "}}\n"u8);
        json.Flush();
    }

    /// <summary>Writes a gRPC status.</summary>
    public static void WriteStatus(IBufferWriter<byte> writer, int code, string message)
    {
        var json = new JsonText(writer);
        json.Raw("{\"code\":"u8);
        json.Number(code);
        json.Raw(",\"message\":"u8);
        json.String(Encoding.UTF8.GetBytes(message));
        json.Raw(",\"details\":[]}\n"u8);
        json.Flush();
    }

    /// <summary>Writes the error of a query.</summary>
    public static void WriteQueryError(IBufferWriter<byte> writer, string errorType, string error)
    {
        var json = new JsonText(writer);
        json.Raw("{\"status\":\"error\",\"errorType\":"u8);
        json.String(Encoding.UTF8.GetBytes(errorType));
        json.Raw(",\"error\":"u8);
        json.String(Encoding.UTF8.GetBytes(error));
        json.Raw("}\n"u8);
        json.Flush();
    }

    private static IEnumerable<(byte[] Source, MetaInfo Info)> Sorted(MetaResponse meta) =>
        meta.Meta.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value));

    private static bool Field(ref JsonText json, ReadOnlySpan<byte> name, long value, bool written)
    {
        if (value == 0)
        {
            return written;
        }

        json.Raw(written ? ","u8 : ""u8);
        json.Raw(name);
        json.Integer(value);
        return true;
    }
}
