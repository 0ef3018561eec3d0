/** Something to begin with. */
export const SAMPLES = [
  {
    name: 'XML of a door',
    text: `<wsnt:NotificationMessage>
  <wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">
    tns1:Door/State/DoorPhysicalState
  </wsnt:Topic>
  <wsnt:Message>
    <tt:Message UtcTime="2026-11-23T08:00:00Z" PropertyOperation="Changed">
      <tt:Source>
        <tt:SimpleItem Name="DoorToken" Value="Door_1"/>
      </tt:Source>
      <tt:Data>
        <tt:SimpleItem Name="State" Value="Open"/>
      </tt:Data>
    </tt:Message>
  </wsnt:Message>
</wsnt:NotificationMessage>
`,
  },
  {
    name: 'JSON of an input',
    text: `{
  "topic": "tns1:Device/Trigger/DigitalInput",
  "propertyOperation": "Changed",
  "source": { "InputToken": "DI_1" },
  "data": { "LogicalState": true }
}
`,
  },
] as const;
