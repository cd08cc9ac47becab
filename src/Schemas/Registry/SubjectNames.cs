using System.Diagnostics.CodeAnalysis;

namespace FlowPipe.Schemas.Registry;

/// <summary>How a registry's subject is named after what is sent, as in Confluent's serializers.</summary>
public enum SubjectStrategy
{
    /// <summary><c>&lt;topic&gt;-value</c>: one record type a topic.</summary>
    TopicName,

    /// <summary>The record's full name: one subject whatever the topic.</summary>
    RecordName,

    /// <summary><c>&lt;topic&gt;-&lt;full name&gt;</c>: several record types in a topic.</summary>
    TopicRecordName,
}

/// <summary>Names of subjects and of the strategies that make them.</summary>
public static class SubjectNames
{
    /// <summary>The strategies as settings have them.</summary>
    public static IReadOnlyList<string> Strategies { get; } = ["TopicNameStrategy", "RecordNameStrategy", "TopicRecordNameStrategy"];

    /// <summary>The subject of a topic's values.</summary>
    /// <param name="strategy">Which way.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="recordName">Full name of the record, namespace included.</param>
    public static string Of(SubjectStrategy strategy, string topic, string recordName) =>
        strategy switch
        {
            SubjectStrategy.RecordName => recordName,
            SubjectStrategy.TopicRecordName => $"{topic}-{recordName}",
            _ => $"{topic}-value",
        };

    /// <summary>The strategy of that name; a Java class's package before it is passed over.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SubjectStrategy strategy)
    {
        string name = text is null ? "" : text[(text.LastIndexOf('.') + 1)..];
        for (int i = 0; i < Strategies.Count; i++)
        {
            if (Strategies[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                strategy = (SubjectStrategy)i;
                return true;
            }
        }
        strategy = SubjectStrategy.TopicName;
        return false;
    }
}
