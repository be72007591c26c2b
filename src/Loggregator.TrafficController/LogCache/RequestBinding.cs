using System.Globalization;
using System.Text;
using Grpc.Core;
using Loggregator.Protocol.LogCache;
using Loggregator.TrafficController.Streams.Sse;

namespace Loggregator.TrafficController.LogCache;

/// <summary>
/// Parameters into requests by the rules of grpc-gateway: names as in the proto or in lower camel case, unknown ones ignored, repeated ones for lists
/// alone, and its words for what is wrong.
/// </summary>
internal static class RequestBinding
{
    private static readonly Dictionary<string, Action<ReadRequest, string>> ReadFields = new(StringComparer.Ordinal)
    {
        ["start_time"] = (request, text) => request.StartTime = Integer(text),
        ["end_time"] = (request, text) => request.EndTime = Integer(text),
        ["limit"] = (request, text) => request.Limit = Integer(text),
        ["envelope_types"] = (request, text) => request.EnvelopeTypes.Add(Type(text)),
        ["descending"] = (request, text) => request.Descending = Boolean(text),
        ["name_filter"] = (request, text) => request.NameFilter = text,
    };

    private static readonly Dictionary<string, Action<MetaRequest, string>> MetaFields = new(StringComparer.Ordinal)
    {
        ["local_only"] = (request, text) => request.LocalOnly = Boolean(text),
    };

    /// <summary>Binds the parameters of a read, its source aside; null when nothing is wrong.</summary>
    public static ReadFault? Bind(QueryPairs parameters, ReadRequest request) => Bind(parameters, request, ReadFields);

    /// <summary>Binds the parameters of a question for meta data; null when nothing is wrong.</summary>
    public static ReadFault? Bind(QueryPairs parameters, MetaRequest request) => Bind(parameters, request, MetaFields);

    private static ReadFault? Bind<T>(QueryPairs parameters, T request, Dictionary<string, Action<T, string>> fields)
    {
        if (parameters.Error is { } broken)
        {
            return Bad(broken);
        }

        foreach (var key in parameters.Names)
        {
            var path = key.Split('.');
            if (!fields.TryGetValue(ProtoName(path[0]), out var set))
            {
                continue;
            }

            var field = ProtoName(path[0]);
            if (path.Length > 1)
            {
                return Bad($"invalid path: \"{path[0]}\" is not a message");
            }

            var list = field == "envelope_types";
            var values = parameters.All(key);
            if (values.Count > 1 && !list)
            {
                return Bad($"too many values for field \"{field}\": {string.Join(", ", values)}");
            }

            try
            {
                values.ForEach(value => set(request, value));
            }
            catch (FormatException e)
            {
                return Bad($"parsing {(list ? "list" : "field")} \"{field}\": {e.Message}");
            }
        }

        return null;
    }

    private static ReadFault Bad(string message) => new(StatusCode.InvalidArgument, message);

    // startTime is another name of start_time.
    private static string ProtoName(string name)
    {
        var proto = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            proto.Append(char.IsAsciiLetterUpper(letter) ? "_" + char.ToLowerInvariant(letter) : letter.ToString());
        }

        return proto.ToString();
    }

    private static long Integer(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        var digits = text.AsSpan(text.Length > 0 && text[0] is '-' or '+' ? 1 : 0);
        var number = digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9');
        throw new FormatException($"strconv.ParseInt: parsing {GoText.Quote(text)}: {(number ? "value out of range" : "invalid syntax")}");
    }

    private static bool Boolean(string text) => text switch
    {
        "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
        "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
        _ => throw new FormatException($"strconv.ParseBool: parsing {GoText.Quote(text)}: invalid syntax"),
    };

    private static EnvelopeType Type(string text)
    {
        var number = -1;
        EnvelopeType? type = text switch
        {
            "ANY" => EnvelopeType.Any,
            "LOG" => EnvelopeType.Log,
            "COUNTER" => EnvelopeType.Counter,
            "GAUGE" => EnvelopeType.Gauge,
            "TIMER" => EnvelopeType.Timer,
            "EVENT" => EnvelopeType.Event,
            _ when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                && number is >= (int)EnvelopeType.Any and <= (int)EnvelopeType.Event => (EnvelopeType)number,
            _ => null,
        };
        return type ?? throw new FormatException($"{GoText.Quote(text)} is not a valid value");
    }
}
